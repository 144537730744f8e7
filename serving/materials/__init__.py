"""Course materials over HTTP: pictures, recordings, and the signed links that open them."""
