// Bundles the screen's own files and the third-party parts it uses into app/static/dist.
// Every name carries a hash of its content; manifest.json tells the templates which name is current.
import {createHash} from 'node:crypto';
import {cp, mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'app/frontend');
const MODULES = join(ROOT, 'node_modules');
const DIST = join(ROOT, 'app/static/dist');

const ICONS = [
  'briefcase',
  'chevron-down',
  'circle-check',
  'circle-minus',
  'flask-conical',
  'info',
  'octagon-alert',
  'shield-check',
  'sun-moon',
  'table-2',
  'triangle-alert',
];

const LICENCES = {
  'echarts.txt': 'echarts/LICENSE',
  'echarts-NOTICE.txt': 'echarts/NOTICE',
  'echarts-d3.txt': 'echarts/licenses/LICENSE-d3',
  'htmx.txt': 'htmx.org/LICENSE',
  'inter.txt': '@fontsource-variable/inter/LICENSE',
  'lucide.txt': 'lucide-static/LICENSE',
  'engine.io-client.txt': 'engine.io-client/LICENSE',
  'engine.io-parser.txt': 'engine.io-parser/LICENSE',
  'socket.io-client.txt': 'socket.io-client/LICENSE',
  'socket.io-component-emitter.txt': '@socket.io/component-emitter/LICENSE',
  'socket.io-parser.txt': 'socket.io-parser/LICENSE',
  'tslib.txt': 'tslib/LICENSE.txt',
  'zrender.txt': 'zrender/LICENSE',
};

const shared = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: DIST,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: 'fonts/[name]-[hash]',
  loader: {'.woff2': 'file'},
};

const relativeToDist = (output) => output.slice('app/static/dist/'.length);

/** Logical name -> hashed name, for every entry point and every font of a build. */
function namesOf({outputs}) {
  const names = {};
  for (const [output, {entryPoint, inputs}] of Object.entries(outputs)) {
    const inputNames = Object.keys(inputs);
    if (entryPoint) names[basename(entryPoint)] = relativeToDist(output);
    else if (output.endsWith('.woff2')) names[basename(inputNames[0])] = relativeToDist(output);
  }
  return names;
}

async function bundle() {
  // theme.js runs before the first paint, so it is a classic script; the rest are modules.
  const builds = await Promise.all([
    build({
      ...shared,
      format: 'esm',
      splitting: true,
      entryPoints: [join(SOURCE, 'js/page.js'), join(SOURCE, 'css/app.css')],
    }),
    build({...shared, format: 'iife', entryPoints: [join(SOURCE, 'js/theme.js')]}),
  ]);
  return Object.assign({}, ...builds.map(({metafile}) => namesOf(metafile)));
}

async function copyHashed(from, logicalName) {
  const content = await readFile(join(MODULES, from));
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  const name = logicalName.replace('.', `-${hash}.`);
  await writeFile(join(DIST, name), content);
  return {[logicalName]: name};
}

/** One <symbol id="i-name"> an icon, for inlining into the page. */
async function writeSprite() {
  const symbols = await Promise.all(
    ICONS.map(async (icon) => {
      const svg = await readFile(join(MODULES, 'lucide-static/icons', `${icon}.svg`), 'utf8');
      const shapes = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>'));
      return `<symbol id="i-${icon}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, '')}</symbol>`;
    }),
  );
  await writeFile(join(DIST, 'icons.svg'), symbols.join('\n'));
}

const copyLicences = () =>
  Promise.all(
    Object.entries(LICENCES).map(([name, from]) => cp(join(MODULES, from), join(DIST, 'LICENSES', name))),
  );

await rm(DIST, {recursive: true, force: true});
await mkdir(join(DIST, 'LICENSES'), {recursive: true});
const [bundled, htmx] = await Promise.all([
  bundle(),
  copyHashed('htmx.org/dist/htmx.min.js', 'htmx.js'),
  writeSprite(),
  copyLicences(),
]);
await writeFile(join(DIST, 'manifest.json'), `${JSON.stringify({...bundled, ...htmx}, null, 2)}\n`);
