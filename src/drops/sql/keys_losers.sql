{# All rows of a key but the last one. #}
select place
from (
    select place, row_number() over (partition by {% for k in keys %}k{{ loop.index0 }}{{ '' if loop.last else ', ' }}{% endfor %} order by place desc) as from_last
    from weir_drop_keys
)
where from_last > 1
