// Opens what was asked for as soon as the service answers again.
setInterval(() => fetch("/healthz", { cache: "no-store" }).then((answer) => answer.ok && location.reload()).catch(() => {}), 2000);
