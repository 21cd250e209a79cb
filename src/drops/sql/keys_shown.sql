select concat_ws(', '{% for k in keys %}, {{ literal(k.name ~ ' = ') }} || k{{ loop.index0 }}::varchar{% endfor %})
    || ' (' || arg_min(origin, place) || '; ' || arg_max(origin, place) || ')'
from weir_drop_keys
group by {% for k in keys %}k{{ loop.index0 }}{{ '' if loop.last else ', ' }}{% endfor %}

having count(*) > 1
order by min(place)
limit 5
