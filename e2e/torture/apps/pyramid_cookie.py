"""Pyramid's own sessions: everything in a signed cookie."""

from pyramid.session import SignedCookieSessionFactory

from pyramidapp import make

application = make(SignedCookieSessionFactory("only for trials"))
