{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='year', begin='2024-01-01') }}
select id, kind, timestamp '2024-06-06 00:00:00' as seen from {{ ref('places').render() }}, (select 1 as id)
