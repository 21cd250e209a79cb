select {{ this is not jinja
