{{ config(store_failures=false, fail_calc='coalesce(sum(abs(difference)), 0)') }}

select
    (select count(*) from {{ ref('kpi_customer_rfm') }})
    - (select sum(customer_count) from {{ ref('kpi_rfm_segments') }}) as difference
