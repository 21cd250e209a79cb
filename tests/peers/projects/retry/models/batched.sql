{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='day', begin='2024-01-01') }}
select id, seen, {% if var('bad') == 'batch' and model.batch and model.batch.id == '20240102' %}error('two'){% else %}1{% endif %} as ok
from {{ ref('events') }}
