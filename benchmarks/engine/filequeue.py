"""One measurement: robocorp-workitems' FileAdapter over the same items, one output each; loading is not counted."""

import json
import os
import tempfile
from pathlib import Path

from benchmarks.engine.children import options, spending, tell


def main(*, items: int) -> None:
    """Take every item, compute the same number, save it as the item's output; tell the seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        queue = [{"payload": {"number": number}, "files": {}} for number in range(items)]
        (folder / "in.json").write_text(json.dumps(queue), encoding="utf-8")
        os.environ["RC_WORKITEM_ADAPTER"] = "FileAdapter"
        os.environ["RC_WORKITEM_INPUT_PATH"] = str(folder / "in.json")
        os.environ["RC_WORKITEM_OUTPUT_PATH"] = str(folder / "out.json")
        from robocorp import workitems

        with spending() as spent:
            for item in workitems.inputs:
                workitems.outputs.create({"twice": 2 * item.payload["number"]})
        assert len(json.loads((folder / "out.json").read_text(encoding="utf-8"))) == items
    tell(items=items, computing=spent.computing, clock=spent.clock)


if __name__ == "__main__":
    main(**options())
