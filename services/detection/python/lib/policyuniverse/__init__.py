"""Reads IAM documents: what a statement grants, to whom, and whether anybody on the internet is among them."""
