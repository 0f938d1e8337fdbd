"""What each fund house's site answers, in the shape its recipe was written for, cut down to what matters.

Each entry: what is asked for (with ``POST`` where it is a query) and the answer, then the files of October 2026 that
must be found. Every answer also lists something that must not be: another month, a fortnightly file, a factsheet.
"""
# ruff: noqa: E501  addresses are as long as they are

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.fakes.fund_sites import flight_page


@dataclass(frozen=True, slots=True)
class House:
    """``answers`` by address; ``files`` the addresses expected."""

    answers: dict[str, str]
    files: tuple[str, ...]


def _json(value: Any) -> str:
    return json.dumps(value)


def _a(url: str, text: str = "Download") -> str:
    return f'<a href="{url}">{text}</a>'


HOUSES: dict[str, House] = {
    "360 ONE Mutual Fund": House(
        {
            "https://www.360.one/asset/mutual-funds/downloads/": flight_page(
                '5:{"x":[{"title":"Monthly Portfolio","yearlyData":'
                + _json(
                    [
                        {
                            "year": year,
                            "monthlyData": [
                                {
                                    "documentGroups": [
                                        {
                                            "documents": [
                                                {"fileName": f"{month} portfolio", "fileUrl": f"/f/{year}/{month}.xlsx"}
                                                for month in ("October", "September")
                                            ]
                                        }
                                    ]
                                }
                            ],
                        }
                        for year in ("2026", "2025")
                    ]
                )
                + "}]}"
            )
        },
        ("https://www.360.one/f/2026/October.xlsx",),
    ),
    "Abakkus Mutual Fund": House(
        {
            "https://www.abakkusmf.com/statutory-disclosures.html": '<script id="verticals-data" type="application/json">'
            + _json(
                [
                    {
                        "title": "Monthly Portfolio Disclosures",
                        "sections": [
                            {
                                "items": [
                                    {"title": "October 31, 2026", "downloadMedia": {"url": "/m/oct.xls"}},
                                    {"title": "September 30, 2026", "downloadUrl": "/m/sep.xls"},
                                ]
                            }
                        ],
                    },
                    {"title": "Fortnightly", "sections": [{"title": "October 15, 2026", "downloadUrl": "/m/f.xls"}]},
                ]
            )
            + "</script>"
        },
        ("https://www.abakkusmf.com/m/oct.xls",),
    ),
    "Aditya Birla Sun Life Mutual Fund": House(
        {
            "https://mutualfund.adityabirlacapital.com/postlogin/CustomApi/Resources/FactsheetAccordionById?id=3ccab227-9de5-4494-b78d-2b4f7c0c054a&ctype=%2Fsitecore%2Fcontent%2FRoot%2FBSL%2FLibrary%2FLists%2FFAQ%2FCustomer%20Types%2FIndividual&month=%20&year=0": _json(
                {
                    "AccordionList": [
                        {
                            "ResourceLink": "SEBI Monthly as on October 31, 2026",
                            "pdfUrl": "https://cdn.example/-/media/oct.zip",
                        },
                        {
                            "ResourceLink": "SEBI Monthly as on September 30, 2026",
                            "pdfUrl": "https://cdn.example/sep.zip",
                        },
                    ]
                }
            )
        },
        ("https://mutualfund.adityabirlacapital.com/-/media/oct.zip",),
    ),
    "AlphaGrep Mutual Fund": House(
        {
            "https://www.alphagrepmf.ai/assets/documents/files.json": _json(
                {
                    "monthly": [
                        {
                            "folderName": "flexi",
                            "financialYears": [
                                {"yearFolder": "2025-26", "documents": [{"fileName": "October_2025"}]},
                                {"yearFolder": "2026-27", "documents": [{"fileName": "October_2026"}]},
                            ],
                        }
                    ]
                }
            )
        },
        (
            "https://www.alphagrepmf.ai/assets/documents/flexi/monthly/2026-27/October_2026.xls",
            "https://www.alphagrepmf.ai/assets/documents/flexi/monthly/2026-27/October_2026.xlsx",
        ),
    ),
    "Angel One Mutual Fund": House(
        {
            "https://www.angelonemf.com/downloads": "<b>Factsheets</b>"
            + _a("/old/October 2026.xlsx")
            + "<h2>Portfolio Disclosures</h2>"
            + '<h3 id="sub-accordion-collapse-heading-1">October 2026</h3>'
            + _a("https://www.angelonemf.com/u/one.xlsx")
            + _a("https://www.angelonemf.com/u/two.xlsx")
            + '<h3 id="sub-accordion-collapse-heading-2">September 2026</h3>'
            + _a("https://www.angelonemf.com/u/three.xlsx")
        },
        ("https://www.angelonemf.com/u/one.xlsx", "https://www.angelonemf.com/u/two.xlsx"),
    ),
    "Axis Mutual Fund": House(
        {
            "POST https://www.axismf.com/cms/token": _json({"data": {"token": "t0k"}}),
            "POST https://www.axismf.com/cms/get-scheme-documents": _json(
                {
                    "data": {
                        "documentList": [
                            {"documentName": "Monthly Portfolio 31 10 26", "docuementURL": "/x/no.xlsx"},
                            {"documentName": "Monthly Portfolio-31 Oct 2026", "docuementURL": "/x/oct.xlsx"},
                            {"documentName": "Fortnightly Portfolio-31 Oct 2026", "docuementURL": "/x/f.xlsx"},
                        ]
                    }
                }
            ),
        },
        ("https://www.axismf.com/x/oct.xlsx",),
    ),
    "Bajaj Finserv Mutual Fund": House(
        {
            "https://www.bajajamc.com/downloads?portfolio=": 'var bajajDownloads = {"ajaxUrl":"x","nonce":"n1"};'
            '<div data-section-id="1">Factsheets</div><div data-section-id="757">'
            '<b class="bd-accordion-title">Monthly Portfolio</b></div>',
            "POST https://www.bajajamc.com/wp-admin/admin-ajax.php action=bajaj_get_filter_options&filter_for=years&section_id=757&nonce=n1": _json(
                {"data": {"options": [{"value": "2025-2026"}, {"value": "2026-2027"}]}}
            ),
            "POST https://www.bajajamc.com/wp-admin/admin-ajax.php action=bajaj_get_downloads&section_id=757&year=2026-2027&month=October&nonce=n1": _json(
                {"data": {"html": _a("/w/oct.xls") + _a("/w/half-yearly.xls")}}
            ),
        },
        ("https://www.bajajamc.com/w/oct.xls",),
    ),
    "Bandhan Mutual Fund": House(
        {
            "https://cmsnew.bandhanmutual.com/wp-json/finance-api/v1/posts/scheme-portfolios?subcategory=monthly-and-half-yearly&acf_key=financial_year&acf_value=2026&bypass_pagination=true": _json(
                {
                    "data": [
                        {
                            "acf_fields": {
                                "disclosure_files": [
                                    {
                                        "document_name": "Bandhan Nifty 50 Index Fund - 31 October 2026",
                                        "document_link": {"url": "https://cmsnew.bandhanmutual.com/w/n50.xlsx"},
                                    },
                                    {
                                        "document_name": "Bandhan CRISIL IBX Gilt Oct 2026 Index Fund - 30 September 2026",
                                        "document_link": "https://cmsnew.bandhanmutual.com/w/gilt.xlsx",
                                    },
                                ]
                            }
                        }
                    ]
                }
            )
        },
        ("https://cmsnew.bandhanmutual.com/w/n50.xlsx",),
    ),
    "Bank of India Mutual Fund": House(
        {
            "POST https://www.boimf.in/AjaxService.asmx/GetDocuments": _json(
                {
                    "d": _json(
                        {
                            "Documents": [
                                {"DocName": "Monthly-Portfolio-October-2026", "FolderUrl": "/docs/oct.xlsx"},
                                {"DocName": "Monthly-Portfolio-September-2026", "FolderUrl": "/docs/sep.xlsx"},
                            ]
                        }
                    )
                }
            )
        },
        ("https://www.boimf.in/docs/oct.xlsx",),
    ),
    "Baroda BNP Paribas Mutual Fund": House(
        {
            "https://www.barodabnpparibasmf.in/downloads/monthly-portfolio-scheme": "<ul>"
            + "".join(
                f'<li><div class="downloadLeft"><p class="file-name">{name}</p>{_a(url)}</div></li>'
                for name, url in (
                    (
                        "Monthly Portfolio - Large Cap as on 31 October 2026",
                        "https://www.barodabnpparibasmf.in/d/lc.xlsx",
                    ),
                    (
                        "Monthly Portfolio - all funds as on 31 October 2026",
                        "https://www.barodabnpparibasmf.in/d/all.xlsx",
                    ),
                    (
                        "Monthly Portfolio - all funds as on 30 September 2026",
                        "https://www.barodabnpparibasmf.in/d/old.xlsx",
                    ),
                )
            )
            + "</ul>"
        },
        ("https://www.barodabnpparibasmf.in/d/all.xlsx",),
    ),
    "Canara Robeco Mutual Fund": House(
        {
            f"https://www.canararobeco.com/documents/statutory-disclosures/scheme-dashboard/scheme-monthly-portfolio/?filteryear=2026&filtermonth=10&pagination={page}": f'<a class="pdf-title" href="/w/{page}.xlsx">Scheme {page}</a>'
            + _a("/w/else.xlsx")
            for page in (1, 2, 3, 4)
        },
        tuple(f"https://www.canararobeco.com/w/{page}.xlsx" for page in (1, 2, 3, 4)),
    ),
    "Capitalmind Mutual Fund": House(
        {
            "https://capitalmindmf.com/statutory-disclosures.html": "<h2>Monthly Portfolio</h2>"
            '<div><span class="fs-16">October 2026</span>'
            + _a("files/oct.xlsx", "")
            + '<span class="fs-16">September 2026</span>'
            + _a("files/sep.xlsx", "")
            + '</div><div class="tab-pane">'
            + '<span class="fs-16">October 2026</span>'
            + _a("files/hy.xlsx")
            + "</div>"
        },
        ("https://capitalmindmf.com/files/oct.xlsx",),
    ),
    "Choice Mutual Fund": House(
        {
            "POST https://choicemf.com/api/monthly-portfolio-report/portfolio-website-list": _json(
                {
                    "body": {
                        "data": [
                            {
                                "reports": [
                                    {"report_date": "2026-10-31", "file_path": "m/a b.xlsx"},
                                    {"report_date": "2026-09-30", "file_path": "m/c.xlsx"},
                                    {"report_date": "2026-10-31", "file_path": None},
                                ]
                            }
                        ]
                    }
                }
            )
        },
        ("https://doc.choicemf.com/m/a b.xlsx",),
    ),
    "DSP Mutual Fund": House(
        {
            "https://www.dspim.com/mandatory-disclosures/portfolio-disclosures": "<details>Fortnightly"
            + _a("/f.zip", "Portfolio Details as on October 31, 2026")
            + "</details><details>Month End Portfolio Disclosures"
            + _a("/media/oct.zip", "Portfolio Details as on October 31, 2026")
            + _a("/media/sep.zip", "Portfolio Details as on September 30, 2026")
            + "</details>"
        },
        ("https://www.dspim.com/media/oct.zip",),
    ),
    "Franklin Templeton Mutual Fund": House(
        {
            "https://www.franklintempletonindia.com/api/literature/v1/responseLitJson?type=report": _json(
                {
                    "FirstDropDown": [
                        {
                            "id": "OTHER",
                            "dataRecords": {
                                "linkdata": [{"literatureHref": "/x.xlsx", "frkReferenceDate": "2026-10-31"}]
                            },
                        },
                        {
                            "id": "MONTHLY-PORTFOLIO-DSCLR",
                            "dataRecords": {
                                "linkdata": [
                                    {"literatureHref": "/en-in/oct.xlsx", "frkReferenceDate": "2026-10-31"},
                                    {"literatureHref": "/en-in/oct.pdf", "frkReferenceDate": "2026-10-31"},
                                    {"literatureHref": "/en-in/sep.xlsx", "frkReferenceDate": "2026-09-30"},
                                ]
                            },
                        },
                    ]
                }
            )
        },
        ("https://www.franklintempletonindia.com/download/en-in/oct.xlsx",),
    ),
    "Groww Mutual Fund": House(
        {
            "https://growwmf.in/statutory-disclosure/portfolio": _a(
                "https://assets-netstorage.growwmf.in/compliance/Portfolio/2026-27/Montly%20Portfolio-%20Oct%2031%202026.xlsx",
                "View",
            )
            + _a(
                "https://assets-netstorage.growwmf.in/c/Portfolio/2026-27/Fortnightly Portfolio Oct 31 2026.xlsx",
                "View",
            )
            + _a("https://assets-netstorage.growwmf.in/c/Portfolio/2026-27/Monthly Portfolio- Sep 30 2026.xlsx", "View")
        },
        (
            "https://assets-netstorage.growwmf.in/compliance/Portfolio/2026-27/Montly%20Portfolio-%20Oct%2031%202026.xlsx",
        ),
    ),
    "HDFC Mutual Fund": House(
        {
            "POST https://cms.hdfcfund.com/en/hdfc/api/v2/disclosures/monthfortportfolio year=0&type=monthly&month=0": _json(
                {
                    "data": {
                        "files": [
                            {
                                "title": "Monthly HDFC Flexi Cap Fund - 31 October 2026",
                                "file": {"url": "https://files.hdfcfund.com/a.xlsx"},
                            },
                            {
                                "title": "Monthly HDFC Gold ETF - 31 October 2026",
                                "file": {"url": "https://files.hdfcfund.com/b.xlsx"},
                            },
                            {
                                "title": "Fortnightly HDFC Liquid - 31 October 2026",
                                "file": {"url": "https://files.hdfcfund.com/c.xlsx"},
                            },
                            {
                                "title": "Monthly HDFC Old - 30 September 2026",
                                "file": {"url": "https://files.hdfcfund.com/d.xlsx"},
                            },
                        ]
                    }
                }
            )
        },
        ("https://files.hdfcfund.com/a.xlsx", "https://files.hdfcfund.com/b.xlsx"),
    ),
    "Helios Mutual Fund": House(
        {
            "https://www.heliosmf.in/portfolio-disclosure/": _a(
                "/wp/Helios-Flexi-Cap-Fund-Monthly-Portfolio-as-on-31st-October-2026.xlsx"
            )
            + _a("/wp/Helios-Overnight-Fund-Fortnightly-Portfolio-as-on-31st-October-2026.xlsx")
            + _a("/wp/Helios-Flexi-Cap-Fund-Monthly-Portfolio-as-on-30th-September-2026.xlsx")
        },
        ("https://www.heliosmf.in/wp/Helios-Flexi-Cap-Fund-Monthly-Portfolio-as-on-31st-October-2026.xlsx",),
    ),
    "HSBC Mutual Fund": House(
        {
            "https://www.assetmanagement.hsbc.co.in/en/mutual-funds/investor-resources/information-library": _a(
                "/-/m/no.xlsx", "Factsheet 31 October 2026"
            )
            + '<h2 class="accordion__heading">Fund portfolios</h2>'
            + _a("/-/m/large.xlsx", "HSBC Large Cap Fund 31 October 2026")
            + _a("/-/m/large9.xlsx", "HSBC Large Cap Fund 30 September 2026")
            + '<h2 class="accordion__heading">Annual</h2>'
            + _a("/-/m/annual.xlsx", "31 October 2026")
        },
        ("https://www.assetmanagement.hsbc.co.in/-/m/large.xlsx",),
    ),
    "ICICI Prudential Mutual Fund": House(
        {
            "https://apimf.icicipruamc.com/nms/v1/downloads/categories?userType=Investor": _json(
                {
                    "success": {
                        "data": [
                            {"title": {"code": "NO"}, "subCategory": [{"id": 1, "internalName": "factsheets"}]},
                            {
                                "title": {"code": "DISCLOSURES"},
                                "subCategory": [
                                    {"id": 41, "internalName": "fortnightly-portfolio-disclosures"},
                                    {"id": 42, "internalName": "monthly-portfolio-disclosures"},
                                ],
                            },
                        ]
                    }
                }
            ),
            'POST https://apimf.icicipruamc.com/nms/v1/downloads/files {"categoryId":"42","schemeCategory":"","userType":"Investor","fileType":"All","page":"1","size":"20","filter":[],"categoryName":"DISCLOSURES"}': _json(
                {
                    "success": {
                        "data": {
                            "files": [
                                {
                                    "url": "/downloads/Monthly Portfolio October 2026.zip",
                                    "applicableMonth": 1793404800000,
                                },
                                {"url": "/downloads/Monthly Portfolio September 2026.zip"},
                            ]
                        }
                    }
                }
            ),
        },
        ("https://www.icicipruamc.com/blob/downloads/Monthly Portfolio October 2026.zip",),
    ),
    "Invesco Mutual Fund": House(
        {
            "https://www.invescomutualfund.com/api/ClassificationCompleteMonthlyHoldings": _json(
                [{"FunClassificationValue": "Equity"}, {"FunClassificationValue": "Debt"}]
            ),
            "https://www.invescomutualfund.com/api/CompleteMonthlyHoldings?year=2026&classification=Equity": _json(
                [
                    {
                        "SepUrl": "https://www.invescomutualfund.com/s.xlsx",
                        "OctUrl": "https://www.invescomutualfund.com/o.xlsx",
                    }
                ]
            ),
            "https://www.invescomutualfund.com/api/CompleteMonthlyHoldings?year=2026&classification=Debt": _json(
                [{"OctUrl": "https://www.invescomutualfund.com/d.xlsx", "NovUrl": " "}, {"OctUrl": ""}]
            ),
        },
        ("https://www.invescomutualfund.com/o.xlsx", "https://www.invescomutualfund.com/d.xlsx"),
    ),
    "Jio BlackRock Mutual Fund": House(
        {
            "https://www.jioblackrockamc.com/statutory-disclosure/disclosures/monthly-portfolio-disclosure": '<script src="/_next/static/chunks/app/x/statutory-disclosure/y/page-0a1b.js"></script>',
            "https://www.jioblackrockamc.com/_next/static/chunks/app/x/statutory-disclosure/y/page-0a1b.js": f'(0,r.createServerReference)("{"ab" * 20}",r.c,void 0,r.f,"getDisclosureL3Data")',
            'POST https://www.jioblackrockamc.com/statutory-disclosure/disclosures/monthly-portfolio-disclosure ["monthly-portfolio-disclosure",{"year":"FI2026-2027","month":"October","date":"$undefined"},"MF"]': '0:{"a":"$@1"}\n1:'
            + _json(
                {
                    "data": [
                        {"title": "JioBlackRock Nifty 50", "file": {"url": "https://www.jioblackrockamc.com/n.xlsx"}},
                        {
                            "title": "JioBlackRock Mutual Fund-October",
                            "file": {"url": "https://www.jioblackrockamc.com/all.xlsx"},
                        },
                    ]
                }
            ),
        },
        ("https://www.jioblackrockamc.com/all.xlsx",),
    ),
    "LIC Mutual Fund": House(
        {
            "POST https://www.licmf.com/downloads/consolidated-portfolio": "<option value='3'>Fortnightly</option><option value='7'> Monthly Portfolio</option>",
            "POST https://www.licmf.com/downloads/consolidated-portfolio-files id=7&month=10&year=2026": _a(
                "/d/LIC MF Monthly Equity Portfolio.xlsx"
            )
            + _a("/d/debt.xlsx")
            + _a("/d/readme.pdf"),
        },
        ("https://www.licmf.com/d/LIC MF Monthly Equity Portfolio.xlsx", "https://www.licmf.com/d/debt.xlsx"),
    ),
    "Mirae Asset Mutual Fund": House(
        {
            'POST https://www.miraeassetmf.co.in/AjaxService/GetDownloadsData {"request":{"modulename":"portfolio_tab1","pgno":1,"pgsize":200}}': _json(
                {
                    "Data": [
                        {
                            "Title": "Portfolio Details as on 31st October 2026 for Mirae Large Cap",
                            "URL": "docs/l.xlsx",
                        },
                        {
                            "Title": "Portfolio Details as on 30th September 2026 for Mirae Large Cap",
                            "URL": "docs/l9.xlsx",
                        },
                    ]
                }
            ),
            'POST https://www.miraeassetmf.co.in/AjaxService/GetDownloadsData {"request":{"modulename":"portfolio_tab1","pgno":2,"pgsize":200}}': _json(
                {"Data": []}
            ),
        },
        ("https://www.miraeassetmf.co.in/AjaxService/docs/l.xlsx",),
    ),
    "Motilal Oswal Mutual Fund": House(
        {
            "https://www.motilaloswalmf.com/content/aem-cloud-dept-backend-motilal-oswal/api/search-documents.json?year=&category=month%20end%20portfolio&month=&type=mf": _json(
                {
                    "results": [
                        {"title": "scheme portfolio details october 2026", "path": "/content/dam/o.xlsx"},
                        {"title": "fortnightly scheme portfolio details october 2026", "path": "/content/dam/f.xlsx"},
                        {"title": "scheme portfolio details september 2026", "path": "/content/dam/s.xlsx"},
                    ]
                }
            )
        },
        ("https://www.motilaloswalmf.com/content/dam/o.xlsx",),
    ),
    "Navi Mutual Fund": House(
        {
            "https://navi.com/mutual-fund/downloads/portfolio": 'var navi_property = {"rest_url":"x","nonce":"n2"};'
            '<li data-item="portfolio_portfolio-monthly" data-category="884">',
            "POST https://navi.com/mutual-fund/wp-json/nv/v1/documents financial_year=2026-2027&value=October&category=884&type=Monthly&order=DESC": _json(
                {
                    "success": True,
                    "data": [
                        {
                            "title": "a",
                            "url": [{"link": "https://navi.com/u/a.xlsx"}, {"link": "https://navi.com/u/b.xlsx"}],
                        },
                        {"title": "c", "url": "https://navi.com/u/c.xlsx"},
                    ],
                }
            ),
        },
        ("https://navi.com/u/c.xlsx", "https://navi.com/u/a.xlsx", "https://navi.com/u/b.xlsx"),
    ),
    "Nippon India Mutual Fund": House(
        {
            "https://mf.nipponindiaim.com/investor-service/downloads/factsheet-portfolio-and-other-disclosures": "".join(
                f'<li><label class="lhsLbl">\u200b{text}\u200b</label><a href="{url}">Download</a></li>'
                for text, url in (
                    ("Monthly portfolio for the month of \u200bOct\u200b 2026", "/f/NIMF-OCT.xls"),
                    ("Fortnightly portfolio for the month of Oct 2026", "/f/fn.xls"),
                    ("Monthly portfolio for the month of Sep 2026", "/f/sep.xls"),
                )
            )
        },
        ("https://mf.nipponindiaim.com/f/NIMF-OCT.xls",),
    ),
    "NJ Mutual Fund": House(
        {
            "https://downloads.njmutualfund.com/njmf_download.php?nme=127": _a(
                "viewfile.php?file=NJ-MF-Monthly-Portfolio-FC-October-2026-20261109063001.xlsx", ""
            )
            + _a("viewfile.php?file=NJ-MF-Monthly-Portfolio-FC-September-2026-20261007063001.xlsx", "")
        },
        (
            "https://downloads.njmutualfund.com/viewfile.php?file=NJ-MF-Monthly-Portfolio-FC-October-2026-20261109063001.xlsx",
        ),
    ),
    "Old Bridge Mutual Fund": House(
        {
            "https://oldbridgemf.com/statutory-disclosures.html": '<div id="v-pills-tabContent2"><h2>Focused Fund - October 2026</h2>'
            + _a("d/oct.xlsx")
            + "<h2>Portfolio Overlap October 2026</h2>"
            + _a("d/o.xlsx")
            + "<h2>Focused Fund - September 2026</h2>"
            + _a("d/sep.xlsx")
            + '</div><div id="v-pills-tabContent3"><h2>October 2026</h2>'
            + _a("d/other.xlsx")
            + "</div>"
        },
        ("https://oldbridgemf.com/d/oct.xlsx",),
    ),
    "PGIM India Mutual Fund": House(
        {
            "https://www.pgimindia.com/api/v1/brochure/disclosure/section": _json(
                {
                    "data": [
                        {"HeaderId": 1, "Sections": [{"SectionName": "Factsheet", "SectionId": "S1"}]},
                        {"HeaderId": 2, "Sections": [{"SectionName": "Monthly Portfolio ", "SectionId": "S2"}]},
                    ]
                }
            ),
            'POST https://www.pgimindia.com/api/v1/brochure/published/disclosure {"headerId":2,"sectionId":"S2","source":"W","branchCode":null}': _json(
                {
                    "data": [
                        {
                            "content": [
                                {"month": "October", "year": 2026, "pdfPath": "https://www.pgimindia.com/c/a b.xlsb"},
                                {"month": "October", "year": 2025, "pdfPath": "https://www.pgimindia.com/c/old.xlsb"},
                                {"month": "September", "year": 2026, "pdfPath": "https://www.pgimindia.com/c/sep.xlsb"},
                            ]
                        }
                    ]
                }
            ),
        },
        ("https://www.pgimindia.com/c/a b.xlsb",),
    ),
    "PPFAS Mutual Fund": House(
        {
            "https://amc.ppfas.com/downloads/portfolio-disclosure/": _a(
                "/downloads/portfolio-disclosure/2026/PPFAS_Monthly_Portfolio_Report_October_31_2026.xls?04112026",
                "Monthly",
            )
            + _a("/downloads/portfolio-disclosure/2026/PPLF_PPFAS_Fortnightly_Portfolio_Report_October_31_2026.xls")
            + _a("/downloads/portfolio-disclosure/2026/PPFAS_Monthly_Portfolio_Report_September_30_2026.xls")
        },
        (
            "https://amc.ppfas.com/downloads/portfolio-disclosure/2026/PPFAS_Monthly_Portfolio_Report_October_31_2026.xls?04112026",
        ),
    ),
    "quant Mutual Fund": House(
        {
            "POST https://quantmutual.com/statutorydisclosures.aspx/displaydisclouser {id:'2026',cat:'MONTHLY PORTFOLIO'}": _json(
                {
                    "d": "<li><a href='Admin/disclouser/oct.xlsx' target='_blank'>October 2026</a><a href='Admin/sep.xlsx'>September 2026</a>"
                }
            )
        },
        ("https://quantmutual.com/statutorydisclosures.aspx/Admin/disclouser/oct.xlsx",),
    ),
    "Quantum Mutual Fund": House(
        {
            "https://www.quantumamc.com/portfolio/combined/-1/1/0/0": '<a href="https://www.quantumamc.com/FileCDN/oct.xlsx"><span>x</span> October 2026 - All Funds</a>'
            '<a href="https://www.quantumamc.com/FileCDN/liquid.xlsx">October 2026 - Liquid</a>'
        },
        ("https://www.quantumamc.com/FileCDN/oct.xlsx",),
    ),
    "Samco Mutual Fund": House(
        {
            "https://www.samcomf.com/StatutoryDisclosure": '<div id ="option2">'
            + "".join(
                f'<td data-th="Document Title"> {title} </td> <td data-th="Action"> <a href="/amc-document-download/{file}">'
                for title, file in (
                    ("Monthly Portfolio Flexi Cap", "MONTHLY_PORTFOLIO_October_2026_Flexi_1762741234.xlsx"),
                    ("Monthly Portfolio Flexi Cap", "MONTHLY_PORTFOLIO_September_2026_Flexi_1760141234.xlsx"),
                )
            )
            + '</div><div id ="option3">'
        },
        ("https://media1.samco.in/scomamc/amc_documents/MONTHLY_PORTFOLIO_October_2026_Flexi_1762741234.xlsx",),
    ),
    "SBI Mutual Fund": House(
        {
            'POST https://www.sbimf.com/ajaxcall/CMS/GetSchemePortfolioSheets {"FundId":0,"PSYear":"2026","PSMonth":"October","PSFrequency":"Monthly"}': "<tr><td>"
            + _a("/docs/one.xlsx", "SBI Contra Fund")
            + "</td><td>"
            + _a("/docs/all.xlsx", "All Schemes Monthly Portfolio - as on 31st October 2026")
            + "</td></tr>"
        },
        ("https://www.sbimf.com/docs/all.xlsx",),
    ),
    "Shriram Mutual Fund": House(
        {
            "https://www.shriramamc.in/investor-statutory-disclosures": 'x="https://cdn.shriramamc.in/a/Monthly-Portfolio-for-the-Financial-Year/2026-2027/Monthly-Portfolio-October-2026.xls"'
            ' y="https://cdn.shriramamc.in/a/Fortnightly/Portfolio-October-2026.xls"'
        },
        (
            "https://cdn.shriramamc.in/a/Monthly-Portfolio-for-the-Financial-Year/2026-2027/Monthly-Portfolio-October-2026.xls",
        ),
    ),
    "Sundaram Mutual Fund": House(
        {
            "https://www.sundarammutual.com/Monthly-Fortnightly-Adhoc-Portfolios": '<script src="/ajax/Modules_Disclosure_Monthly_Fortnightly_Adhoc_Portfolios,App_Web_x1.ashx">',
            "POST https://www.sundarammutual.com/ajax/Modules_Disclosure_Monthly_Fortnightly_Adhoc_Portfolios,App_Web_x1.ashx?_method=GetCategory&_session=no Catid=Monthly": r"r.value='<a href=\'/pdf2/eq.xlsx\' target=\'_blank\'><i class=\'x\'></i>Equity Portfolio Oct 2026</a><a href=\'/pdf2/eq9.xlsx\'>Equity Portfolio Sep 2026</a>'",
        },
        ("https://www.sundarammutual.com/pdf2/eq.xlsx",),
    ),
    "Tata Mutual Fund": House(
        {
            "https://www.tatamutualfund.com/schemes-related/portfolio": flight_page(
                '{"field_document_title":"Portfolio as on 31st October 2026","field_media_document":"https://www.tatamutualfund.com/o.xlsx"},'
                '{"field_document_title":"Portfolio as on 15th October 2026 fortnightly","field_media_document":"https://www.tatamutualfund.com/f.xlsx"}'
            )
        },
        ("https://www.tatamutualfund.com/o.xlsx",),
    ),
    "Taurus Mutual Fund": House(
        {
            "https://taurusmutualfund.com/monthly-portfolio": '<select name="field_monthly_portfolio_target_id"><option value="5">2025</option><option value="6">2026</option></select>'
            '<select name="field_month_target_id"><option value="20">September</option><option value="21">October</option></select>',
            "https://taurusmutualfund.com/monthly-portfolio?field_monthly_portfolio_target_id=6&field_month_target_id=21": _a(
                "/nav.xlsx"
            )
            + '<div class="view-content">'
            + _a(" /sites/t.xlsx"),
        },
        ("https://taurusmutualfund.com/sites/t.xlsx",),
    ),
    "The Wealth Company Mutual Fund": House(
        {
            "https://www.wealthcompanyamc.in/literature-forms/portfolio-documents/monthly/": flight_page(
                '[{"uploadDate":"2026-11-09","name":"Monthly - Flexi Cap - 31 October 2026","x":1,"attachment":{"id":3,"url":"/media/o.xlsx"}},'
                '{"uploadDate":"2026-10-09","name":"Monthly - Flexi Cap - 30 September 2026","attachment":{"url":"/media/s.xlsx"}}]'
            )
        },
        ("https://www.wealthcompanyamc.in/media/o.xlsx",),
    ),
    "Trust Mutual Fund": House(
        {
            "POST https://www.trustmf.com/api/api/Trust/GetData": _json(
                {
                    "resultSetArray": [
                        {
                            "title": "TRUSTMF Monthly Portfolio Report as on 31.10.2026",
                            "fileurl": " https://www.trustmf.com/o.xlsx ",
                        },
                        {
                            "title": "TRUSTMF Monthly Portfolio Report as on 30.09.2026",
                            "fileurl": "https://www.trustmf.com/s.xlsx",
                        },
                    ]
                }
            )
        },
        ("https://www.trustmf.com/o.xlsx",),
    ),
    "Unifi Mutual Fund": House(
        {
            "https://unifimf.com/statutorydocuments/": "<h2>Monthly Portfolio Disclosure</h2>"
            + _a("https://unifimf.com/w/o.xlsx", "October 2026")
            + _a("https://unifimf.com/w/s.xlsx", "September 2026")
            + "<h2>Half Yearly Portfolio Disclosure</h2>"
            + _a("https://unifimf.com/w/h.xlsx", "October 2026")
        },
        ("https://unifimf.com/w/o.xlsx",),
    ),
    "Union Mutual Fund": House(
        {
            "https://www.unionmf.com/about-us/downloads/monthly-portfolio": 'downloadMonthPortfolio.push({ Title: "Union Large Cap Oct 2026", Url: "/docs/l.xlsx", });'
            'downloadMonthPortfolio.push({ Title: "Union Large Cap Sep 2026", Url: "/docs/l9.xlsx", });'
        },
        ("https://www.unionmf.com/docs/l.xlsx",),
    ),
    "UTI Mutual Fund": House(
        {
            "https://www.utimf.com/api/get-consolidate-portfolio-disclosure?year=2026&month=October": _json(
                {"rows": [{"url": "https://www.utimf.com/o.zip"}, {"doc": "https://www.utimf.com/p.zip"}]}
            )
        },
        ("https://www.utimf.com/o.zip", "https://www.utimf.com/p.zip"),
    ),
    "WhiteOak Capital Mutual Fund": House(
        {
            "https://cms.whiteoakamc.com/api/scheme-portfolios?filters[period][$eq]=Monthly&sort[0]=published_date:desc&sort[1]=id:desc&pagination[page]=1&pagination[pageSize]=100&populate=doc_file": _json(
                {
                    "data": [
                        {
                            "attributes": {
                                "doc_name": "WhiteOak Flexi Cap Monthly Portfolio Disclosure - 31st October2026",
                                "doc_file": {"data": [{"attributes": {"url": "/uploads/o.xlsx"}}]},
                            }
                        },
                        {
                            "attributes": {
                                "doc_name": "WhiteOak Mid Cap Monthly Portfolio Disclosure - 31st October2026",
                                "doc_file": {"data": None},
                                "doc_link": "https://cms.whiteoakamc.com/uploads/m.xlsx",
                            }
                        },
                        {"attributes": {"doc_name": "Flexi - 30th September2026", "doc_link": "/uploads/s.xlsx"}},
                    ]
                }
            )
        },
        ("https://cms.whiteoakamc.com/uploads/o.xlsx", "https://cms.whiteoakamc.com/uploads/m.xlsx"),
    ),
    "Zerodha Mutual Fund": House(
        {
            "https://www.zerodhafundhouse.com/resources/disclosures": '<script id="__NEXT_DATA__" type="application/json">'
            + _json(
                {
                    "props": {
                        "pageProps": {
                            "initialReports": [
                                {
                                    "id": "portfolio-disclosures",
                                    "data": [
                                        {
                                            "id": "half-yearly",
                                            "files": [
                                                {
                                                    "url": "https://www.zerodhafundhouse.com/h.xlsx",
                                                    "name": "October 2026",
                                                }
                                            ],
                                        },
                                        {
                                            "id": "monthly-portfolio-disclosures",
                                            "files": [
                                                {
                                                    "url": "https://www.zerodhafundhouse.com/f/ZN250 - Monthly Portfolio October 2026.xlsx",
                                                    "name": "ZN250 - Monthly Portfolio October 2026",
                                                },
                                                {
                                                    "url": "https://www.zerodhafundhouse.com/f/s.xlsx",
                                                    "name": "ZN250 - Monthly Portfolio September 2026",
                                                },
                                            ],
                                        },
                                    ],
                                }
                            ]
                        }
                    }
                }
            )
            + "</script>"
        },
        ("https://www.zerodhafundhouse.com/f/ZN250 - Monthly Portfolio October 2026.xlsx",),
    ),
}
