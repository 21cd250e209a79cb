{% macro values_of(relation, column) %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set result = run_query('select distinct ' ~ column ~ ' from ' ~ relation ~ ' order by 1') %}
    {{ return(result.columns[0].values()) }}
{% endmacro %}
{% macro via_statement(relation) %}
    {% call statement('counting', fetch_result=True) %}
        select count(*) as n, min(kind) as first_kind from {{ relation }}
    {% endcall %}
    {% if execute %}
        {% set loaded = load_result('counting') %}
        {{ return({'n': loaded['data'][0][0], 'kind': loaded.table.columns['first_kind'].values()[0], 'rows': loaded.table.rows | length}) }}
    {% endif %}
    {{ return({'n': -1, 'kind': 'parse', 'rows': 0}) }}
{% endmacro %}
{% macro prints_things() %}
    {{ print('printed ' ~ (1, 'two', none, True, 1.0, [1, {'a': 'b'}])) }}
    {{ log('logged quietly') }}
    {{ log('logged loudly', info=True) }}
    {% set t = run_query("select 1 as a, 'x' as b union all select 2, 'y' order by 1") %}
    {% for row in t.rows %}{{ print(row['a'] ~ ':' ~ row[1] ~ ':' ~ row.values() | list | length) }}{% endfor %}
    {{ print(t.column_names | list) }}
    {% set names = t.columns | map(attribute='name') | list %}{{ print(names) }}
    {{ exceptions.warn('a warning') }}
{% endmacro %}
{% macro raises() %}{{ exceptions.raise_compiler_error('this was meant to fail') }}{% endmacro %}
{% macro takes(a, b) %}{{ print('a=' ~ a ~ ' b=' ~ b) }}{% endmacro %}
