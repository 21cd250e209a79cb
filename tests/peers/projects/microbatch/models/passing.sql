{{ config(materialized='ephemeral', event_time='seen') }}
select id, seen, kind from {{ ref('events') }} where id > 0
