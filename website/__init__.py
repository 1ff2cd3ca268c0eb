"""The documentation as a site, from the same Markdown files: `python -m website`, or `make site`.

One build for each language, with a search in that language: English at the root of the site, Chinese below ``zh``. A
page without a Chinese twin is in both. What is built is checked: every link leads somewhere, and nothing is loaded from
elsewhere.
"""
