{% for i in range(2) %}select {{ i }} as i from {{ ref('reader') }}{% if not loop.last %} union all {% endif %}{% endfor %}
