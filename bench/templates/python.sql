{% set columns = [] %}
{% for name in ['Order ID', 'Customer  Name', 'Zip-Code', 'total (EUR)'] %}
    {% do columns.append(name.lower().replace(' ', '_').replace('-', '_').strip('()')) %}
{% endfor %}
{% set spec = {'unique': true} %}
{% do spec.update({'tables': 'orders,items,payments'.split(',')}) %}
select
    {% for column in columns %}
    {{ "cast({} as {:>8}) as c_{}".format(column, 'varchar', loop.index) }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref(spec['tables'][0]) }}
{% for table in spec.tables[1:] %}
left join {{ ref(table) }} using ({{ '%s_id' % columns[0].split('_')[0] }})
{% endfor %}
where {{ columns | select('string') | map('upper') | join(' is not null and ') }} is not null
