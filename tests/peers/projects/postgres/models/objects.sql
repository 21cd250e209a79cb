{{ config(materialized='table') }}
{%- set found = adapter.get_relation(target.database, target.schema, 'sales') -%}
{%- set columns = adapter.get_columns_in_relation(ref('shops')) -%}
{%- for c in columns %}
-- {{ c }} {{ c.data_type }} {{ c.is_string() }} {{ c.is_numeric() }} {{ c.is_integer() }} {{ c.is_float() }} {{ c.is_number() }} {{ c.quoted }}
{%- endfor %}
-- {{ found }} {{ found.type }} {{ found.is_table }} {{ this.relation_max_name_length() }} {{ this.render() }} {{ this.can_be_renamed }}
-- {{ this.information_schema('tables') }} {{ this.without_identifier() }} {{ this.include(database=false) }} {{ this.incorporate(type='view').is_view }}
-- {{ api.Column.from_description('a', 'numeric(10,2)').data_type }} {{ api.Column.create('a', 'string').dtype }} {{ api.Column('a', 'varchar', 5).literal("'x'") }}
-- {{ api.Column('a', 'character varying', 5).can_expand_to(api.Column('a', 'character varying', 9)) }} {{ api.Column('a', 'text').string_size() }}
-- {{ adapter.type() }} {{ adapter.quote('x') }} {{ target.type }} {{ target.dbname }} {{ target.host is defined }} {{ target.pass is defined }} {{ target.schema }} {{ target.search_path }} {{ target.connect_timeout }}
-- {{ adapter.check_schema_exists(target.database, target.schema) }} {{ adapter.quote_as_configured('a', 'schema') }} {{ dbt.information_schema_name(target.database) | trim }}
select 1 as one
