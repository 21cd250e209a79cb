{{ config(
    pre_hook=["{{ log_row('pre one', 1) }}"],
    post_hook=[
        "{{ log_row('post one a', target.name) }}",
        {"sql": "{{ log_row('post one b', execute) }}", "transaction": True}
    ]
) }}
select 1 as id
