"""Questions about the numbers of an organisation, and what is answered: a range of days, cut into periods, grouped by
what facts have, as of any moment. Pure: what is counted is passed in.

- `question`: what is asked, as data; `words` reads it from parameters, and refuses what is not known.
- `periods`: the days, weeks, months, quarters and years of a range.
- `plan`: which cells an answer has, and which of their days are covered for each number.
- `answers`: the rows of an answer, their order and pages, and what is said of the whole.
"""
