delete from {{ relation }} where rowid in (
    select id from (
        select rowid as id, row_number() over (
            partition by {% for k in keys %}{{ ident(k) }}{{ '' if loop.last else ', ' }}{% endfor %}

            order by {% if cursor %}{{ ident(cursor.name) }} desc nulls last, {% endif %}{% if stage %}_weir_position desc, {% endif %}rowid desc
        ) as place
        from {{ relation }}
    ) where place > 1
)
