select '{% raw %}{{ not jinja }} {% neither %} {# nor #}{% endraw %}' as r, '{{ "{{" }} and {{ '%}' }}' as lit
