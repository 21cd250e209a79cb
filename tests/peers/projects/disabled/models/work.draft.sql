{% also not jinja
