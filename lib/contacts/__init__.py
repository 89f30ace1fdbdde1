"""Where addresses come from: used before, a Google account, a file of contacts."""

from lib.contacts.books import MOST, Bad, Book, Label, Person, matching, shelf
from lib.contacts.files import ContactsRefused
from lib.contacts.files import read as read_file
from lib.contacts.google import CONTACTS, OTHERS, GoogleRefused, configured, redirect_uri
from lib.contacts.history import used
from lib.contacts.links import Link, begin, claim, find, keep, load, unlink

__all__ = [
    "CONTACTS",
    "MOST",
    "OTHERS",
    "Bad",
    "Book",
    "ContactsRefused",
    "GoogleRefused",
    "Label",
    "Link",
    "Person",
    "begin",
    "claim",
    "configured",
    "find",
    "keep",
    "load",
    "matching",
    "read_file",
    "redirect_uri",
    "shelf",
    "unlink",
    "used",
]
