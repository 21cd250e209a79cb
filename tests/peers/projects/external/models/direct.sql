{{ config(materialized='table') }}
select * from read_csv_auto('{{ var("where", "data") }}/people.csv')
