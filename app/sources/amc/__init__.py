"""Monthly portfolio disclosures of fund houses: one reader that finds its way by the words of the sheet."""
