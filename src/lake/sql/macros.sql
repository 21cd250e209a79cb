{#- Put in front of every template of this folder. ident(x) quotes a name, literal(x) a text. -#}
{%- macro this_database() -%}
{{ literal(database) if database else 'current_database()' }}
{%- endmacro -%}
{%- macro instant(us) -%}
make_timestamp({{ us }})
{%- endmacro -%}
{#- Does a value not survive the way into the column's type? Texts are read, all others must come back the same. -#}
{%- macro is_bad(c) -%}
{%- if c.from == 'VARCHAR' -%}
(try_cast({{ c.source }} as {{ c.type }}) is null
{%- if c.type in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT') %}
 or try_cast({{ c.source }} as double) is distinct from try_cast({{ c.source }} as {{ c.type }})::double
{%- endif %})
{%- else -%}
(try_cast(try_cast({{ c.source }} as {{ c.type }}) as {{ c.from }}) is distinct from {{ c.source }})
{%- endif -%}
{%- endmacro -%}
{%- macro value(c) -%}
{%- if c.how == 'none' -%}{{ c.source }}
{%- elif c.how == 'null' -%}cast(null as {{ c.type }})
{%- elif c.how == 'json' -%}to_json({{ c.source }})
{%- elif c.how == 'cast' -%}cast({{ c.source }} as {{ c.type }})
{%- elif c.how == 'try' -%}case when not {{ is_bad(c) }} then try_cast({{ c.source }} as {{ c.type }}) end
{%- else -%}
case when {{ c.source }} is null then null when {{ is_bad(c) }}
 then error('column "' || {{ literal(c.name) }} || '": ' || left(cast({{ c.source }} as varchar), 200)
 || {{ literal(' does not fit ' ~ c.type) }}) else cast({{ c.source }} as {{ c.type }}) end
{%- endif -%}
{%- endmacro -%}
{#- Columns of the table that this load fills, in order. -#}
{%- macro column_list(prefix) -%}
{%- for n in names %}{{ prefix }}{{ ident(n) }}{{ '' if loop.last else ', ' }}{% endfor -%}
{%- endmacro -%}
{%- macro extra(e) -%}
{%- if e.name == '_weir_loaded_at' -%}{{ instant(loaded_at_us) }}
{%- elif e.name == '_weir_run_id' -%}{{ literal(run_id) }}
{%- elif e.name == '_weir_load_id' -%}{{ literal(load_id) }}
{%- elif e.name == '_weir_source_file' -%}
{%- if files -%}
[{% for f in files %}{{ literal(f) }}{{ '' if loop.last else ', ' }}{% endfor %}][(_weir_position >> 40) + 1]
{%- else -%}cast(null as varchar){%- endif -%}
{%- elif e.name == '_weir_row_hash' -%}
md5(cast(row({% for c in columns if c.loaded and c.comes %}{{ ident(c.name) }}{{ '' if loop.last else ', ' }}{% endfor %}) as varchar))
{%- elif e.name == '_weir_valid_from' -%}{{ instant(loaded_at_us) }}
{%- elif e.name == '_weir_valid_to' -%}cast(null as timestamp)
{%- elif e.name == '_weir_id' and is_child -%}
md5({{ literal(table ~ '/') }} || _weir_parent || '/' || _weir_index)
{%- elif e.name == '_weir_id' and keys -%}
md5(cast(row({% for k in keys %}{{ ident(k) }}{{ '' if loop.last else ', ' }}{% endfor %}) as varchar))
{%- elif e.name == '_weir_id' -%}cast(uuid() as varchar)
{%- elif e.name == '_weir_parent_id' -%}_weir_parent
{%- elif e.name == '_weir_root_id' -%}_weir_root
{%- elif e.name == '_weir_list_index' -%}_weir_index
{%- endif -%}
{%- endmacro -%}
{#- The rows of the input as rows of the table. -#}
{%- macro incoming(with_marks) -%}
select
{% for c in columns if c.loaded %}
    {{ ident(c.name) }},
{% endfor %}
{% for e in extras %}
    {{ extra(e) }} as {{ ident(e.name) }}{{ '' if loop.last and not with_marks else ',' }}
{% endfor %}
{% if with_marks %}
{% for n in nested %}
    {{ ident(n.name) }},
{% endfor %}
{% if discards %}
    _weir_bad, _weir_drop, _weir_record,
{% endif %}
    _weir_position
{% elif not extras %}
    _weir_position
{% endif %}
from (
    select
{% for c in columns if c.loaded %}
        {{ value(c) }} as {{ ident(c.name) }},
{% endfor %}
{% for n in nested %}
        {{ n.source }} as {{ ident(n.name) }},
{% endfor %}
{% if is_child %}
        weir_parent as _weir_parent, weir_root as _weir_root, weir_index as _weir_index,
{% endif %}
{% if discards %}
        list_filter([
{% for c in columns if c.how == 'try' or c.refused %}
            case when {{ c.source }} is not null{% if not c.refused %} and {{ is_bad(c) }}{% endif %} then {
                'column_name': {{ literal(c.name) }}, 'value': left(cast({{ c.source }} as varchar), 200),
                'reason': {{ literal('not in the schema' if c.refused else 'no ' ~ c.type) }}} end{{ '' if loop.last else ',' }}
{% endfor %}
        ], lambda x: x is not null) as _weir_bad,
        false
{% for c in columns if (c.how == 'try' or c.refused) and c.drops_row %}
            or ({{ c.source }} is not null{% if not c.refused %} and {{ is_bad(c) }}{% endif %})
{% endfor %}
            as _weir_drop,
        cast({
{%- for c in columns if c.comes %}{{ literal(c.name) }}: {{ c.source }}{{ '' if loop.last else ', ' }}{% endfor -%}
        } as varchar) as _weir_record,
{% endif %}
        {{ 'p' if has_position else '0::bigint' }} as _weir_position
    from {{ source }}
)
{%- endmacro -%}
{%- macro same_keys(a, b) -%}
{% for k in keys %}{{ '' if loop.first else ' and ' }}{{ a }}.{{ ident(k) }} = {{ b }}.{{ ident(k) }}{% endfor %}
{%- endmacro -%}
{#- Is a row of the input a delete? -#}
{%- macro is_deleted(prefix) -%}
{%- if deleted.type == 'BOOLEAN' -%}coalesce({{ prefix }}{{ ident(deleted.name) }}, false)
{%- else -%}({{ prefix }}{{ ident(deleted.name) }} is not null)
{%- endif -%}
{%- endmacro -%}
