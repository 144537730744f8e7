"""Six assets that do nothing, so that what is measured is Dagster and not work."""

import dagster as dg

partitions = dg.DynamicPartitionsDefinition(name="trivial")


def _trivial(number: int) -> dg.AssetsDefinition:
    @dg.asset(name=f"asset_{number}", partitions_def=partitions, deps=[f"asset_{number - 1}"] if number else [])
    def trivial() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"rows": 1})

    return trivial


assets = [_trivial(number) for number in range(6)]
selection = dg.AssetSelection.assets(*assets)
job = dg.define_asset_job("six_assets", selection=selection)
stock = dg.define_asset_job("stock", selection=selection, executor_def=dg.multi_or_in_process_executor)
defs = dg.Definitions(assets=assets, jobs=[job, stock], executor=dg.in_process_executor)
