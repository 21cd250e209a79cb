select 1 from {{ relation }}
group by {% for k in keys %}{{ ident(k) }}{{ '' if loop.last else ', ' }}{% endfor %}

having count(*) > 1 limit 1
