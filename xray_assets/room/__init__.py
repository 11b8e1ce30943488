"""The reading room: pages for readers and for everybody else, in a process of its own.

Here: the frame that every page is put into (who calls, security headers, errors, navigation) and
the pages of the account. Each other page is a folder with its routes and templates, named in
`application.PAGES`.
"""
