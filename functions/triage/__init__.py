"""An alarm that opted in and that no scenario claims: what can be seen, and a page that says so."""
