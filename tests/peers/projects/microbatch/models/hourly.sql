{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen', batch_size='hour',
          begin='2024-01-01 00:00:00', lookback=2, concurrent_batches=false,
          pre_hook="create table if not exists told (what varchar)",
          post_hook="insert into told values ('hourly {{ model.batch.id if model.batch }}')") }}
select e.id, e.seen, p.place from {{ source('raw', 'events') }} as e join {{ ref('places') }} as p using (kind)
