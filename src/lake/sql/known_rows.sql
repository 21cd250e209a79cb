delete from {{ stage }} where rowid in (
    select incoming.id
    from (
        select id, content, row_number() over (partition by content) as place
        from (
            select rowid as id, row({% for c in columns if c.loaded %}{{ ident(c.name) }}{{ '' if loop.last else ', ' }}{% endfor %}) as content
            from {{ stage }} where {{ ident(cursor.name) }} >= cast({{ literal(interval_from) }} as {{ cursor.type }})
        )
    ) as incoming
    join (
        select content, row_number() over (partition by content) as place
        from (
            select row({% for c in columns if c.loaded %}
{{ 'cast(null as ' ~ c.type ~ ')' if c.added else 'cast(' ~ ident(c.name) ~ ' as ' ~ c.type ~ ')' if c.altered else ident(c.name) }}{{ '' if loop.last else ', ' }}{% endfor %}) as content
            from {{ target }} where {{ ident(cursor.name) }} >= cast({{ literal(interval_from) }} as {{ cursor.type }})
        )
    ) as known on incoming.content is not distinct from known.content and incoming.place = known.place
)
