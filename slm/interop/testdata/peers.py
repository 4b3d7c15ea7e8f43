"""Does with transformers, tokenizers and torch what a test asks for: a task's name as argument, JSON in and out."""

import json
import os
import sys


def versions(_):
    import tokenizers
    import torch
    import transformers

    return {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "torch": torch.__version__}


def tokenizers(request):
    """Trains a tokenizer of each kind on texts, saves it, and encodes and decodes samples."""
    from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                            trainers)

    patterns = request["patterns"]
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)

    def split(pattern):
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level])

    kinds = {
        "gpt2": pre_tokenizers.ByteLevel(add_prefix_space=False),
        "gpt2-prefix": pre_tokenizers.ByteLevel(add_prefix_space=True),
        "smollm": pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        "llama3": split(patterns["llama3"]),
        "qwen2": split(patterns["qwen2"]),
        "tekken": split(patterns["tekken"]),
    }
    made = {}
    wanted = request["kinds"]
    for name, splitter in kinds.items():
        if name not in wanted:
            continue
        tokenizer = Tokenizer(models.BPE(ignore_merges=name in ("llama3", "tekken")))
        tokenizer.pre_tokenizer = splitter
        tokenizer.decoder = decoders.ByteLevel()
        if name == "qwen2":
            tokenizer.normalizer = normalizers.NFC()
        tokenizer.train_from_iterator(request["texts"], trainers.BpeTrainer(
            vocab_size=2000, special_tokens=["<|begin|>", "<|end|>"], show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        tokenizer.add_tokens([AddedToken("<tool_call>", special=False, normalized=False), "   \n"])
        if name == "llama3":
            tokenizer.post_processor = processors.TemplateProcessing(
                single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", 0)])
        made[name] = tokenizer
    byte_tokens = [f"<0x{b:02X}>" for b in range(256)]
    for name in ("llama2", "metaspace", "always"):
        if name not in wanted:
            continue
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        if name == "llama2":
            tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        else:
            scheme = "always" if name == "always" else "first"
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=name == "always")
        trainer = trainers.BpeTrainer(vocab_size=2500, special_tokens=["<unk>", "<s>", "</s>"] + byte_tokens,
                                      show_progress=False, limit_alphabet=200, max_token_length=12)
        words = [w for text in request["texts"] for w in text.replace(" ", " ▁").split(" ")] if name == "llama2" else \
            request["texts"]
        tokenizer.train_from_iterator(words, trainer)
        text = json.loads(tokenizer.to_str())
        # The trainer makes bytes special; in files of models they are ordinary.
        text["added_tokens"] = [a for a in text["added_tokens"] if a["content"] not in byte_tokens]
        text["model"]["byte_fallback"] = True
        # As converters of SentencePiece do it: a merge for each way to cut a token in two.
        vocabulary = text["model"]["vocab"]
        text["model"]["merges"] = [
            [token[:i], token[i:]] for token in sorted(vocabulary, key=vocabulary.get) if token not in byte_tokens
            for i in range(1, len(token)) if token[:i] in vocabulary and token[i:] in vocabulary]
        tokenizer = Tokenizer.from_str(json.dumps(text))
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                               decoders.Strip(" ", 1, 0)])
        if name == "always":
            tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
        made[name] = tokenizer
    result = {}
    for name, tokenizer in made.items():
        folder = os.path.join(request["folder"], name)
        os.makedirs(folder)
        tokenizer.save(os.path.join(folder, "tokenizer.json"))
        samples = request["samples"]
        if name in ("gpt2", "llama3", "tekken"):  # the ways in which they class characters are all that there are
            samples = samples + request["characters"]
        result[name] = encodings(tokenizer, samples)
    return result


def encodings(tokenizer, samples):
    """Encodes samples with special tokens recognised and not; decodes both with and without special tokens."""
    out = []
    for sample in samples:
        entry = {}
        tokenizer.encode_special_tokens = False
        entry["trusted"] = tokenizer.encode(sample, add_special_tokens=False).ids
        entry["whole"] = tokenizer.encode(sample, add_special_tokens=True).ids
        tokenizer.encode_special_tokens = True
        entry["plain"] = tokenizer.encode(sample, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = False
        entry["text"] = tokenizer.decode(entry["trusted"], skip_special_tokens=False)
        entry["short"] = tokenizer.decode(entry["trusted"], skip_special_tokens=True)
        out.append(entry)
    return out


def encode(request):
    """Encodes samples with the tokenizers of folders, by tokenizers and as transformers loads them."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    out = []
    for folder in request["folders"]:
        tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        loaded = AutoTokenizer.from_pretrained(folder)
        out.append({
            "encodings": encodings(tokenizer, request["samples"]),
            "transformers": [loaded(sample, add_special_tokens=False)["input_ids"] for sample in request["samples"]],
        })
    return out


def templates(request):
    """Renders conversations with chat templates, at the time 2026-11-30 12:34:56."""
    import datetime

    from transformers.utils import chat_template_utils

    class At(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 30, 12, 34, 56)

    chat_template_utils.datetime = At
    out = []
    for job in request["jobs"]:
        try:
            texts, _ = chat_template_utils.render_jinja_template(
                [job["messages"]], tools=job["tools"], chat_template=job["template"],
                add_generation_prompt=job["generate"], bos_token="<s>", eos_token="</s>", **job["variables"])
            out.append({"text": texts[0], "error": ""})
        except Exception as error:  # what a template refuses is compared, too
            out.append({"text": "", "error": f"{type(error).__name__}: {error}"})
    return out


def merge(model, folder):
    """Adds a PEFT adapter's changes to a model's weights, by the names of its tensors."""
    import torch
    from safetensors.torch import load_file

    with open(os.path.join(folder, "adapter_config.json")) as file:
        config = json.load(file)
    scale = config["lora_alpha"] / (config["r"] ** 0.5 if config["use_rslora"] else config["r"])
    tensors = load_file(os.path.join(folder, "adapter_model.safetensors"))
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for key, first in tensors.items():
            if key.endswith(".lora_A.weight"):
                second = tensors[key.replace(".lora_A.", ".lora_B.")]
                name = key.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
                weights[name] += scale * second.float() @ first.float()


def logits(request):
    """Loads folders in float32, with an adapter or none: logits after each token, and greedy tokens."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(2)
    out = []
    for job in request["jobs"]:
        model = AutoModelForCausalLM.from_pretrained(job["folder"], dtype=torch.float32, attn_implementation="eager")
        if job["adapter"]:
            merge(model, job["adapter"])
        model.eval()
        with torch.no_grad():
            tokens = list(job["tokens"])
            first = model(torch.tensor([tokens])).logits[0]
            for _ in range(job["steps"]):
                tokens.append(int(model(torch.tensor([tokens])).logits[0, -1].argmax()))
        out.append({"logits": first.tolist(), "greedy": tokens[len(job["tokens"]):]})
    return out


def create(request):
    """Saves models of transformers with random weights, in one file or in shards."""
    import torch
    import transformers

    for job in request["jobs"]:
        config = getattr(transformers, job["class"] + "Config")(**job["config"])
        torch.manual_seed(job["seed"])
        model = getattr(transformers, job["class"] + "ForCausalLM")(config)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.dim() == 1:  # norms and biases are constant at first
                    weight += 0.1 * torch.randn(weight.shape)
                else:
                    weight.copy_(torch.randn(weight.shape) / weight.shape[1] ** 0.5)
        model.to(getattr(torch, job["dtype"])).save_pretrained(job["folder"], max_shard_size=job["shard"])
    return {}


def main():
    task = {"versions": versions, "tokenizers": tokenizers, "encode": encode, "templates": templates, "logits": logits,
            "create": create}[sys.argv[1]]
    result = task(json.load(sys.stdin))
    json.dump(result, sys.stdout)


main()
