{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='month',
          begin='2023-12-15', incremental_predicates=["id > 0"]) }}
select id, seen, kind from {{ ref('passing') }}
union all
select id + 100 as id, seen, kind from {{ ref('events').render() }} where kind = 'c'
