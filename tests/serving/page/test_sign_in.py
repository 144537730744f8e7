"""Signing in at the issuer's page, with a real browser and an issuer that really listens."""


def test_the_issuer_s_page_signs_in_and_comes_back_to_where_one_was(opened, signed):
    signed.issuer.subject, signed.issuer.claims = "ada", {}
    page = opened(signed.service, signed_in=False, elsewhere=signed.issuer.url)
    page.goto("/settings")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Account").wait_for()
    assert page.url == f"{signed.url}/settings"
    page.goto("/")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_who_comes_back_too_late_is_told(opened, signed):
    page = opened(signed.service, signed_in=False, elsewhere=signed.issuer.url)
    page.goto("/api/auth/callback?code=x&state=y")
    page.get_by_role("alert").get_by_text("begun too long ago or in another browser").wait_for()
    assert "signIn" not in page.url
