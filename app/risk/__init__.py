"""The judgement: reports from prices and holdings, limits and what to do about them."""
