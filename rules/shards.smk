# Requires a category with more items than `run.shard_items`. Makes the records of each shard, with the scripts
# and resources of the rules for a whole category, and from them edits.jsonl and scores.jsonl.


wildcard_constraints:
    shard=r"\d+-\d+",


ruleorder: gather_edits > edit_category
ruleorder: gather_scores > score_category


use rule edit_category as edit_shard with:
    output:
        edits="results/{benchmark}/edits/{editor}/{category}/shards/{shard}/edits.jsonl",
    log:
        "results/{benchmark}/logs/edit_shard/{editor}/{category}/{shard}.log",
    benchmark:
        "results/{benchmark}/benchmarks/edit_shard/{editor}/{category}/{shard}.tsv"
    # A group of its own, so that shards of one category can run on different nodes.
    group:
        "edit_shard_{editor}"


use rule score_category as score_shard with:
    input:
        item_records="results/{benchmark}/items/{category}/items.jsonl",
        edits="results/{benchmark}/edits/{editor}/{category}/shards/{shard}/edits.jsonl",
    output:
        scores="results/{benchmark}/scores/{judge}/{editor}/{category}/shards/{shard}/scores.jsonl",
    log:
        "results/{benchmark}/logs/score_shard/{judge}/{editor}/{category}/{shard}.log",
    benchmark:
        "results/{benchmark}/benchmarks/score_shard/{judge}/{editor}/{category}/{shard}.tsv"
    # A group of its own, so that shards of one category can run on different nodes.
    group:
        "score_shard_{judge}"


rule gather_edits:
    input:
        shards=shard_records("results/{benchmark}/edits/{editor}/{category}", "edits"),
    output:
        edits="results/{benchmark}/edits/{editor}/{category}/edits.jsonl",
    log:
        "results/{benchmark}/logs/gather_edits/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/gather_edits/{editor}/{category}.tsv"
    wildcard_constraints:
        benchmark=PLAN.sharded_benchmark(),
    priority: lambda wildcards: 100 - PLAN.editor_place(wildcards.editor)
    localrule: True
    conda:
        "../envs/edit.yaml"
    container:
        container_of("edit")
    threads: 1
    params:
        script=entry_point("gather_edits.py"),
        config=config_file,
        shards=lambda wildcards, input: PLAN.shards(
            wildcards.benchmark, wildcards.category
        ),
    shell:
        "python {params.script:q} --config {params.config:q} --shards {params.shards:q}"
        " --output {output.edits:q} --log {log:q}"


rule gather_scores:
    input:
        shards=shard_records(
            "results/{benchmark}/scores/{judge}/{editor}/{category}", "scores"
        ),
    output:
        scores="results/{benchmark}/scores/{judge}/{editor}/{category}/scores.jsonl",
    log:
        "results/{benchmark}/logs/gather_scores/{judge}/{editor}/{category}.log",
    benchmark:
        "results/{benchmark}/benchmarks/gather_scores/{judge}/{editor}/{category}.tsv"
    wildcard_constraints:
        benchmark=PLAN.sharded_benchmark(),
    localrule: True
    conda:
        "../envs/score.yaml"
    container:
        container_of("score")
    threads: 1
    params:
        script=entry_point("gather_scores.py"),
        config=config_file,
        shards=lambda wildcards, input: PLAN.shards(
            wildcards.benchmark, wildcards.category
        ),
    shell:
        "python {params.script:q} --config {params.config:q} --shards {params.shards:q}"
        " --output {output.scores:q} --log {log:q}"
