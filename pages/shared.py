"""Shared: the report that a viewer was invited to."""

from lib.ui import attention, closing, session

scope = session.require_viewer()

closing.watch()
closing.header()
campaign = closing.chosen(scope)
if closing.read(scope, campaign, closing.opening()):
    closing.footer(campaign)
    attention.watch()
