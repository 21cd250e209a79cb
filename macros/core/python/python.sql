{#- Models in Python: what stands behind a model's own code when it runs. dbt.ref() and the rest of the `dbt` object are
    Python text made here, so that a project may say otherwise by its own macro of the name. How the rows that a model
    returns become a table is the engine's: py_write_table. -#}

{% macro py_script_postfix(model) -%}

# The model's own code ends here. Behind it: what `dbt` is to it in this run.

{{ build_ref_function(model) }}

{{ build_source_function(model) }}

{{ build_config_dict(model) }}

class config:
    """dbt.config(...) has been read when the project was parsed; its values are asked for by get()."""

    def __init__(self, *_, **__):
        pass

    @staticmethod
    def get(key, default=None):
        return config_dict.get(key, default)

    @staticmethod
    def meta_get(key, default=None):
        return meta_dict.get(key, default)


class this:
    """The table that this model builds: its text is the name in SQL."""

    database = {{ (this.database or '') | tojson }}
    schema = {{ (this.schema or '') | tojson }}
    identifier = {{ this.identifier | tojson }}

    def __repr__(self):
        return {{ this.render() | tojson }}


class dbtObj:
    def __init__(self, load_df_function):
        self.ref = lambda *names, **options: ref(*names, **options, dbt_load_df_function=load_df_function)
        self.source = lambda *names: source(*names, dbt_load_df_function=load_df_function)
        self.config = config
        self.this = this()
        self.is_incremental = {{ is_incremental() }}


{{ py_script_comment() }}
{%- endmacro %}


{#- {name, package.name, name.v2, ...: relation} of what the model refers to; sampling and --empty do not change it. -#}
{% macro build_ref_function(model) -%}
  {%- set relations = {} -%}
  {%- for call in model.refs -%}
    {%- set names = [call.get('package'), call['name']] if call.get('package') else [call['name']] -%}
    {%- set relation = ref(*names, v=call.get('version')) -%}
    {%- if relation.render is defined and relation.render is callable -%}
      {%- set relation = relation.render() -%}
    {%- endif -%}
    {%- set key = names + ['v' ~ call['version']] if call.get('version') else names -%}
    {%- do relations.update({key | join('.'): resolve_model_name(relation)}) -%}
  {%- endfor -%}
def ref(*names, dbt_load_df_function, **options):
    relations = {{ weir__python_strings(relations) }}
    version = options.get("v") or options.get("version")
    key = ".".join(names) + (".v%s" % version if version else "")
    return dbt_load_df_function(relations[key])
{%- endmacro %}


{% macro build_source_function(model) -%}
  {%- set relations = {} -%}
  {%- for names in model.sources -%}
    {%- do relations.update({names | join('.'): resolve_model_name(source(*names))}) -%}
  {%- endfor -%}
def source(*names, dbt_load_df_function):
    relations = {{ weir__python_strings(relations) }}
    return dbt_load_df_function(relations[".".join(names)])
{%- endmacro %}


{#- The configs that the model asks for, and the meta values. -#}
{% macro build_config_dict(model) -%}
  {%- set configs, metas = {}, {} -%}
  {%- set config = model.config -%}
  {%- for key, default in zip(config.get('config_keys_used', []), config.get('config_keys_defaults', [])) -%}
    {%- do configs.update({key: config.get(key, default)}) -%}
  {%- endfor -%}
  {%- for key, default in zip(config.get('meta_keys_used', []), config.get('meta_keys_defaults', [])) -%}
    {%- do metas.update({key: (config.get('meta') or {}).get(key, default)}) -%}
  {%- endfor -%}
config_dict = {{ configs }}
meta_dict = {{ metas }}
{%- endmacro %}


{#- A relation's name as a text of Python's: its quotes are escaped once more by weir__python_strings. -#}
{% macro resolve_model_name(input_model_name) -%}
  {{- return(adapter.dispatch('resolve_model_name', 'dbt')(input_model_name)) -}}
{%- endmacro %}

{%- macro default__resolve_model_name(input_model_name) -%}
  {{- input_model_name | string -}}
{%- endmacro -%}

{% macro weir__python_strings(relations) -%}
  {%- set texts = {} -%}
  {%- for key, name in relations.items() -%}
    {%- do texts.update({key: name | string | trim}) -%}
  {%- endfor -%}
  {{- texts | tojson -}}
{%- endmacro %}


{#- For projects: code to run at the very end. -#}
{% macro py_script_comment() -%}
{%- endmacro %}
