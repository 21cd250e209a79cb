{{ config(meta={'level': 'file'}, tags=['file'], grants={'+select': ['two'], 'insert': 'three'}, pre_hook={"sql": "select 4"}, column_types={'b': 'text'}, docs={'show': false}) }}
select id, 'a' as a, 'b' as b, {{ dbt.string_literal(var('plain')) }} as v from {{ ref('dim', v=1) }}
