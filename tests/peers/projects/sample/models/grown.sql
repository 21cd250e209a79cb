{{ config(materialized='incremental', event_time='seen') }} select e.id, e.seen from {{ ref('kept') }} as k join {{ ref('events') }} e using (id)
