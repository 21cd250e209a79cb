{{ config(alias='dim_customers', schema='crm') }}
select 10 as customer_id, 'Ann' as name, date '2023-01-01' as valid_from, date '2024-01-01' as valid_to
