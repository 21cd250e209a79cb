select
{% for k in keys %}
    count(*) - count({{ ident(k) }}){{ '' if loop.last else ',' }}
{% endfor %}
from {{ relation }}
