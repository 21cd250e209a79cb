{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='year',
          begin='2024-05-05T10:00:00', full_refresh=false) }}
select id, seen from {{ source('raw', 'quoted') }}
