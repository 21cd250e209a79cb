{{ config(materialized='materialized_view', on_configuration_change='continue', indexes=var('mv_indexes', [])) }}
select 1 as shop_id, 2 as total
