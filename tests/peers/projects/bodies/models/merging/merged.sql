{{ config(tags=['inline', 'folder'], meta={'c': 3, 'nested': {'z': 3}}, pre_hook='select 4', column_types={'b': 'int'}, materialized='view') }}
select 1 as a, 2 as b
