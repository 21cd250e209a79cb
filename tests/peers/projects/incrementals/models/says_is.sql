{{ config(materialized='incremental') }}
select '{{ is_incremental() }}' as is_incremental, '{{ flags.FULL_REFRESH }}' as full_refresh, {{ var('step') }} as step, '{{ should_full_refresh() }}' as should
