"""Recordings by link: fetched from the network in a bounded child that has one, whatever form they are served in."""
