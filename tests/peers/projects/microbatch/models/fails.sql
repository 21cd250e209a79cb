{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='day', begin='2024-01-01') }}
select id, seen, {% if var('bad') == 'middle' and model.batch and model.batch.id == '20240102' %}error('two'){%
 elif var('bad') == 'first' and model.batch and model.batch.id == '20240101' %}error('one'){%
 elif var('bad') == 'render' and model.batch and model.batch.id == '20240103' %}{{ exceptions.raise_compiler_error('three') }}{%
 elif var('bad') == 'all' %}error('all'){%
 else %}1{% endif %} as ok
from {{ ref('events') }}
